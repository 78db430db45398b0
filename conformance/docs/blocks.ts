/** A fenced block of a document that somebody might copy. */
export interface Block {
  /** `docs/cluster.md:14`, where the fence opens. */
  readonly at: string
  readonly language: string
  readonly text: string
  /** What the comment above says, when it is `<!-- not run: REASON -->`. */
  readonly notRun: string | undefined
  /** What the comment above says, when it is `<!-- checked as: NAME -->`. */
  readonly checkedAs: string | undefined
}

const FENCE = /^```(\w*)$/
const MARK = /^<!-- (not run|checked as): (.+) -->$/

/** The fenced blocks of a Markdown file, in order. A mark belongs to the block right below it. */
export function blocksOf(document: string, markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let line = 0; line < lines.length; line++) {
    const language = FENCE.exec(lines[line] ?? '')?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', line + 1)
    if (end === -1) throw new Error(`${document}:${line + 1}: the block never ends`)
    const [, kind, words] = MARK.exec(lines[line - 1] ?? '') ?? []
    blocks.push({
      at: `${document}:${line + 1}`,
      language,
      text: lines.slice(line + 1, end).join('\n'),
      notRun: kind === 'not run' ? words : undefined,
      checkedAs: kind === 'checked as' ? words : undefined,
    })
    line = end
  }
  return blocks
}
