/** The version of this code, as runs record it. */
import manifest from '../../package.json' with { type: 'json' };

export const CODE_VERSION: string = manifest.version;
