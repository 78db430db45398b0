/**
 * What a server said, or undefined where it is no JSON: an answer without a body, a proxy's page, a line that was cut short.
 * No schema takes that.
 */
export function jsonOrNothing(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
