/**
 * SHA-256 of the programs that this release was proven with, by `<program> <version>` and then by the file's name at its publisher: a download that
 * has another hash isn't installed, whatever `release.sha256` beside it says, since who can write the one can write the other.
 * A hash comes in here once it was taken from a `release.sha256` whose `release.sha256.asc` GitLab's key has signed. A version that isn't listed is
 * checked against `release.sha256` alone, which guards against damage and not against tampering.
 */
const knownHashes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** The hash that a file of a program's version has to have; undefined where none is known here. */
export const knownHash = (program: string, version: string, file: string, known = knownHashes): string | undefined => known[`${program} ${version}`]?.[file];
