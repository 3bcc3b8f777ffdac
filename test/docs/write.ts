/** `node test/docs/write.ts`: brings the generated parts of the README up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withNumbers } from './numbers.ts';

const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, withNumbers(readFileSync(readme, 'utf8')));
