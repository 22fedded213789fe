import {render, Text} from 'ink';
import {Keyboard, Screen} from './terminal.ts';

/** What any Ink program takes: one line on a terminal. */
const app = render(<Text>one line</Text>, {
	// Streams as far as Ink uses them.
	stdout: new Screen() as unknown as NodeJS.WriteStream,
	stdin: new Keyboard() as unknown as NodeJS.ReadStream,
	exitOnCtrlC: false,
	patchConsole: false,
	interactive: true,
});
await new Promise((resolve) => setTimeout(resolve, 1000));
app.unmount();
console.log(`${(process.memoryUsage.rss() / 1_048_576).toFixed(0)} MB`);
