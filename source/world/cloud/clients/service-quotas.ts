import * as serviceQuotas from '@aws-sdk/client-service-quotas';
import type {ClientSettings, OpenClient} from '../calls.ts';

/** Opens Service Quotas's client; only the commands that are used here come into the bundle with it. */
export function openServiceQuotas(settings: ClientSettings): OpenClient {
	const client = new serviceQuotas.ServiceQuotasClient(settings);
	return {
		clockOffset: () => client.config.systemClockOffset,
		calls: {
			GetServiceQuota: (input, options) => client.send(new serviceQuotas.GetServiceQuotaCommand(input), options),
			GetAWSDefaultServiceQuota: (input, options) => client.send(new serviceQuotas.GetAWSDefaultServiceQuotaCommand(input), options),
		},
	};
}
