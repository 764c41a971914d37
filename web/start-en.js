import text from './text-en.js';
import { start } from './app.js';

start('en', text);
