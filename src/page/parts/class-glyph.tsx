import type { InstructionClass } from '../api/schema.generated.ts'

/** What an instruction is about, as a shape: colour alone tells nobody enough. */
const SHAPES: Readonly<Record<InstructionClass, { readonly path: string; readonly name: string }>> = {
  base: { path: 'M1 8h10v3H1zM1 4.5h10v2H1zM1 1h10v2H1z', name: 'base' },
  files: { path: 'M2 1h5l3 3v7H2zM6.5 1.5V4.5H9.5', name: 'files' },
  run: { path: 'M2 2l5 4-5 4zM7 9h4v2H7z', name: 'run' },
  settings: { path: 'M1 2.5h10v1.4H1zM7 1h1.6v4.4H7zM1 8h10v1.4H1zM3.4 6.5H5v4.4H3.4z', name: 'settings' },
  start: { path: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zM5 4l3 2-3 2z', name: 'start' },
}

const MEANINGS: Readonly<Record<InstructionClass, string>> = {
  base: 'base image (FROM, ONBUILD)',
  files: 'files (COPY, ADD)',
  run: 'commands (RUN)',
  settings: 'settings (ENV, USER, WORKDIR, VOLUME, LABEL)',
  start: 'start (ENTRYPOINT, CMD, EXPOSE)',
}

/** The shape of a kind; the instruction beside it says the same in words. */
export function ClassGlyph({ kind }: { readonly kind: InstructionClass }) {
  return (
    <svg class={`glyph class-${kind}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={SHAPES[kind].path} fill-rule="evenodd" />
    </svg>
  )
}

/** What the five shapes and colours mean. */
export function ClassLegend() {
  return (
    <ul class="legend" aria-label="Kinds of instructions">
      {(['base', 'files', 'run', 'settings', 'start'] as const).map((kind) => (
        <li key={kind} title={MEANINGS[kind]}>
          <ClassGlyph kind={kind} /> {SHAPES[kind].name}
        </li>
      ))}
    </ul>
  )
}
