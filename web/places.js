// Asks for a place by its name, for one that nobody has asked for, or for the visitor's own.

import { byId, setText } from './dom.js';

const degrees = (value) => value.toFixed(2); // about 1 km, which is near enough for the weather

// `ask` is called when the form holds the place.
export function startPlaces({ t }, ask) {
  function choose(latitude, longitude) {
    byId('lat').value = latitude;
    byId('lon').value = longitude;
    ask();
  }

  for (const link of document.querySelectorAll('.chip[data-lat]')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      choose(link.dataset.lat, link.dataset.lon);
    });
  }

  // From the mock, which costs the provider nothing.
  byId('new-place')?.addEventListener('click', () => {
    byId('mock').checked = true;
    choose(degrees(Math.random() * 180 - 90), degrees(Math.random() * 360 - 180));
  });

  // Browsers tell it to pages from HTTPS and localhost only.
  if (!globalThis.isSecureContext || !navigator.geolocation) return;
  byId('my-place-item').hidden = false;
  byId('my-place').addEventListener('click', () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => choose(degrees(coords.latitude), degrees(coords.longitude)),
      () => setText(byId('place-status'), t('live.no-position')),
      { maximumAge: 600_000, timeout: 10_000 },
    );
  });
}
