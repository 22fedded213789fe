/** A GitLab's URL as answers write it: without slashes at its end. */
export const bareUrl = (url: string): string => url.replace(/\/+$/, '');
