/** Acts once all sockets have been heard that brought something: what they ask for in one turn of the event loop goes together. */
export class EndOfTurn {
  readonly #act: () => void
  #isWoken = false

  constructor(act: () => void) {
    this.#act = act
  }

  /** At the end of this turn; once, however often it is called before. */
  wake(): void {
    if (this.#isWoken) return
    this.#isWoken = true
    setImmediate(() => {
      this.#isWoken = false
      this.#act()
    })
  }
}
