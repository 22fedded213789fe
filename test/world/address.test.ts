import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {Stopped} from '../../source/problem.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {type Address, realAddress} from '../../source/world/laptop/address.ts';
import {startOwnAddress} from '../peers/address.ts';

type AddressWorld = {address: Address; says(ip: string | undefined): void; stop(): Promise<void>};
type AddressSide = {name: string; open(): Promise<AddressWorld>};

const real: AddressSide = {
	name: 'real',
	async open() {
		const service = await startOwnAddress();
		return {address: realAddress({url: service.url}), says: (ip) => service.says(ip ?? '<html>a login page</html>'), stop: service.stop};
	},
};

const simulated: AddressSide = {
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

		test('whoever stops asking is told so, and never that the address is not known', async (t) => {
			const world = await side.open();
			t.after(world.stop);
			const over = new AbortController();
			const asked = world.address.mine(over.signal);
			over.abort();
			await assert.rejects(asked, Stopped);
			await assert.rejects(world.address.mine(over.signal), Stopped);
		});
	});
}

test('an IPv6 address, a text of another kind and a service that is down are "not known"', async (t) => {
	const service = await startOwnAddress();
	t.after(service.stop);
	for (const said of ['2001:db8::1', '203.0.113.300', '']) {
		service.says(said);
		assert.equal(await realAddress({url: service.url}).mine(), undefined, said);
	}
	assert.equal(await realAddress({url: 'http://127.0.0.1:1/'}).mine(), undefined);
	assert.equal(await realAddress({url: 'no URL'}).mine(), undefined);
});

test('it is asked past a proxy, whose own address is nothing to SSH', async (t) => {
	const [service, proxy] = await Promise.all([startOwnAddress(), startOwnAddress()]);
	t.after(() => Promise.all([service.stop(), proxy.stop()]));
	const before = {...process.env};
	t.after(() => {
		process.env = before;
	});
	Object.assign(process.env, {HTTP_PROXY: proxy.url, http_proxy: proxy.url, NODE_USE_ENV_PROXY: '1'});
	service.says('203.0.113.7');
	proxy.says('198.51.100.1');
	assert.equal(await realAddress({url: service.url}).mine(), '203.0.113.7');
});
