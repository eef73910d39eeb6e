// node --import …/loaded.mjs dist/src/main.js
// Writes the address of every file that was loaded to LOADED_FILE when the process ends.
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded = [];
registerHooks({
  load: (url, context, next) => {
    loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => writeFileSync(process.env.LOADED_FILE, JSON.stringify(loaded)));
