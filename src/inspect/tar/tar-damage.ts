/** The archive breaks its format here; what came before it stands. */
export class TarDamage extends Error {
  override readonly name = 'TarDamage'
}

/** The archive asks for more than a limit allows; what came before it stands. */
export class TarTooLarge extends Error {
  override readonly name = 'TarTooLarge'
}
