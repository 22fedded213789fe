import {EventEmitter} from 'node:events';
import {Writable} from 'node:stream';

/** A terminal of 120x40 that takes everything and keeps nothing. */
export class Screen extends Writable {
	columns = 120;
	rows = 40;
	isTTY = true;
	bytes = 0;
	override _write(chunk: Buffer, _encoding: string, done: () => void): void {
		this.bytes += chunk.length;
		done();
	}
}

/** A keyboard that nobody touches. */
export class Keyboard extends EventEmitter {
	isTTY = true;
	setRawMode(): this {
		return this;
	}
	setEncoding(): this {
		return this;
	}
	read(): null {
		return null;
	}
	resume(): this {
		return this;
	}
	pause(): this {
		return this;
	}
	ref(): this {
		return this;
	}
	unref(): this {
		return this;
	}
}
