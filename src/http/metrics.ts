import type { Handler } from './exchange.ts'
import type { Route } from './route.ts'

/** Gives the text of the metrics. */
export interface MetricsSource {
  readonly type: string
  readonly text: () => Promise<string>
}

/** For Prometheus. */
export function metricsRoute(source: MetricsSource, right: 'anyone' | 'administrator'): Route {
  const handle: Handler = async () => ({
    status: 200,
    headers: { 'content-type': source.type, 'cache-control': 'no-store' },
    body: await source.text(),
  })
  return { operationId: 'getMetrics', method: 'GET', path: '/metrics', right, handle }
}
