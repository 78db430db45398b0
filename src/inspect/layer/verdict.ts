/** Why a layer has no whole index. */
export type Verdict = 'unsupported' | 'too-large' | 'damaged'

/** Ends the reading of a layer with a verdict and a sentence for people. */
export class LayerVerdict extends Error {
  override readonly name = 'LayerVerdict'
  readonly verdict: Verdict

  constructor(verdict: Verdict, reason: string, cause?: unknown) {
    super(reason, { cause })
    this.verdict = verdict
  }
}

/** What the reading of one layer may take. Bytes are of the unpacked layer. */
export interface LayerLimits {
  readonly entries: number
  readonly unpacked: number
  /** Unpacked bytes for each compressed one, once RATIO_FROM bytes came out. */
  readonly ratio: number
  /** Bytes of its index. */
  readonly index: number
  readonly milliseconds: number
}

export const RATIO_FROM = 64 * 1024 * 1024
