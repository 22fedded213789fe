/** Tests that run Python take it from here, which tells that they need it (needs.ts). */
export {python} from './here.ts';
