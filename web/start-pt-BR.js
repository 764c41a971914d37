import text from './text-pt-BR.js';
import { start } from './app.js';

start('pt-BR', text);
