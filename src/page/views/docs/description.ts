/** openapi.yaml as it is shown; scripts/page-docs.ts makes it. */
export interface Description {
  readonly title: string
  readonly text: string
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly operations: readonly Operation[]
  readonly types: readonly (Type & { readonly name: string })[]
}

export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  /** What the caller needs. */
  readonly right: string
  readonly tag: string
  readonly summary: string
  readonly text?: string
  readonly parameters: readonly Parameter[]
  readonly body?: { readonly required: boolean; readonly text?: string; readonly content: readonly Content[] }
  readonly answers: readonly Answer[]
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly text?: string
  readonly type: Type
}

export interface Answer {
  readonly status: string
  readonly text: string
  readonly codes: readonly string[]
  readonly headers: readonly { readonly name: string; readonly text?: string; readonly type: Type }[]
  readonly content: readonly Content[]
}

export interface Content {
  readonly mediaType: string
  readonly type: Type
}

export interface Type {
  readonly words: string
  /** A named type that the words end with. */
  readonly named?: string
  readonly text?: string
  readonly fields?: readonly { readonly name: string; readonly required: boolean; readonly type: Type }[]
  readonly choices?: readonly Type[]
}
