/** A GitLab's URL as answers write it: without slashes at its end. */
export const bareUrl = (url: string): string => url.replace(/\/+$/, '');

/** A host of a URL, and a path after it: nothing else, so that nothing in it means anything to a shell, and no name and password hide another host. */
export const hostPattern = '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\]';
export const pathPattern = '(/[\\w.~%+@-]+)*';
export const loopbackPattern = 'localhost|127(\\.\\d{1,3}){3}|\\[::1\\]';

/** A GitLab's URL as answers may have it: no name, no password, no slash at its end. */
export const gitlabUrlPattern = new RegExp(`^https?://(${hostPattern})(:\\d{1,5})?${pathPattern}$`);

const toLoopback = new RegExp(`^https?://(${loopbackPattern})(:\\d{1,5})?(/|$)`);

/** Whether a URL leads to this very machine. */
export const isLoopback = (url: string): boolean => toLoopback.test(url);
