/** Why a credential was refused, for the log: the cause of the error that the client is told. */
export class RefusedLogin extends Error {
  override readonly name = 'RefusedLogin'
  /**
   * Whose password was wrong. Absent for a name that nobody has, since people type their password there, and for
   * secrets that are nobody's.
   */
  readonly account: string | undefined

  constructor(account?: string) {
    super('the login was refused')
    this.account = account
  }
}
