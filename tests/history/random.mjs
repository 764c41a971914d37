// A generator of random numbers with a seed, so that a run can be repeated: SplitMix64 of Steele, Lea and Flood ("Fast
// Splittable Pseudorandom Number Generators", OOPSLA 2014).

const MASK = (1n << 64n) - 1n;

export class Random {
  #state;

  constructor(seed) {
    this.#state = BigInt(seed) & MASK;
  }

  next() {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  }

  // In [0, 1).
  fraction() {
    return Number(this.next() >> 11n) / 2 ** 53;
  }

  // An integer in [from, to].
  between(from, to) {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  // A generator of its own, so that more numbers drawn in one part change nothing in another.
  fork() {
    return new Random(this.next());
  }
}
