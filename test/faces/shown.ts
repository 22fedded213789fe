import assert from 'node:assert/strict';

/** Turns of five milliseconds: some minutes, which matter only in a failure. A slow computer must not look like one. */
const most = 40_000;

/** Waits until a screen without a terminal is right, by its words or by what else is so, and gives it. */
export async function shown(frame: () => string, right: RegExp | (() => boolean)): Promise<string> {
	for (let turn = 0; turn < most; turn++) {
		if (typeof right === 'function' ? right() : right.test(frame())) return frame();
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	return assert.fail(`${right} never came. The screen:\n${frame()}`);
}
