// Which build this is. `build.mjs` replaces the two names by texts; code that runs unbundled (tests) says so.

import type { ProgramVersion } from './role.ts';

declare const OFFSHORE_VERSION: string | undefined;
declare const OFFSHORE_REVISION: string | undefined;

export const program: ProgramVersion = {
  version: typeof OFFSHORE_VERSION === 'undefined' ? '0.0.0' : OFFSHORE_VERSION,
  revision: typeof OFFSHORE_REVISION === 'undefined' ? 'unbuilt' : OFFSHORE_REVISION,
};
