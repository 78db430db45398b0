/** What was asked for cannot be restored; the message says why and what to do. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused'
}
