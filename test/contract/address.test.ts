import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import type {Address} from '../../source/address/port.ts';
import {realAddress} from '../../source/address/real.ts';
import {simulatedWorld} from '../../source/simulated.ts';
import {startOwnAddress} from '../peers/address.ts';

type World = {address: Address; says(ip: string | undefined): void; stop(): Promise<void>};
type Side = {name: string; open(): Promise<World>};

const real: Side = {
	name: 'real',
	async open() {
		const service = await startOwnAddress();
		return {address: realAddress({url: service.url, env: {}}), says: (ip) => service.says(ip ?? '<html>a login page</html>'), stop: service.stop};
	},
};

const simulated: Side = {
	name: 'simulated',
	async open() {
		const {address, outside} = simulatedWorld();
		return {address, says: outside.setOwnAddress, stop: async () => undefined};
	},
};

for (const side of [real, simulated]) {
	suite(side.name, () => {
		test("the service's word is this machine's address, and no address of the kind is not known", async (t) => {
			const world = await side.open();
			t.after(world.stop);
			world.says('203.0.113.7');
			assert.equal(await world.address.mine(), '203.0.113.7');
			world.says(undefined);
			assert.equal(await world.address.mine(), undefined);
		});
	});
}

test('an IPv6 address, a text of another kind and a service that is down are "not known"', async (t) => {
	const service = await startOwnAddress();
	t.after(service.stop);
	for (const said of ['2001:db8::1', '203.0.113.300', '']) {
		service.says(said);
		assert.equal(await realAddress({url: service.url, env: {}}).mine(), undefined, said);
	}
	assert.equal(await realAddress({url: 'http://127.0.0.1:1/', env: {}}).mine(), undefined);
	assert.equal(await realAddress({url: 'no URL', env: {}}).mine(), undefined);
});
