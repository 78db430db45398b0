import { type Config, SETTINGS } from './schema.ts'

/** The configuration by the names of lamina.yaml. Of secrets only whether they are set; null is not set. */
export function showConfig(config: Config): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    SETTINGS.map(({ key, yamlName, secret, default: fallback }) => {
      const value = config[key]
      const isSet = value !== undefined && value !== fallback
      return [yamlName, secret && isSet ? '‹set›' : (value ?? null)]
    }),
  )
}
