import * as pricing from '@aws-sdk/client-pricing';
import type {ClientSettings, OpenClient} from '../calls.ts';
import {allPages} from '../paging.ts';

/** Opens the price list's client; only the commands that are used here come into the bundle with it. */
export function openPricing(settings: ClientSettings): OpenClient {
	const client = new pricing.PricingClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			GetProducts: (input, options) => allPages(input, 'PriceList', (page) => client.send(new pricing.GetProductsCommand(page), options)),
		},
	};
}
