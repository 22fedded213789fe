import {help} from './help.ts';

/** What `--help` prints. The build puts the text itself here, so that nothing has to be loaded to make it. */
export const helpText = help();
