import type { Packages } from '../../api/schema.generated.ts'

type Package = Packages['packages'][number]

/** A package whose versions are not the same in two images; several versions may be side by side. */
export interface PackageDifference {
  readonly type: Package['type']
  readonly name: string
  readonly a: readonly string[]
  readonly b: readonly string[]
}

/** What two images have of packages that differs, by type and name. */
export function packageDifferences(
  a: readonly Package[],
  b: readonly Package[],
): readonly PackageDifference[] {
  const [left, right] = [versionsOf(a), versionsOf(b)]
  return [...new Set([...left.keys(), ...right.keys()])].toSorted().flatMap((key) => {
    const one = left.get(key) ?? right.get(key)
    const [before, after] = [left.get(key)?.versions ?? [], right.get(key)?.versions ?? []]
    return one === undefined || before.join('\n') === after.join('\n')
      ? []
      : [{ type: one.type, name: one.name, a: before, b: after }]
  })
}

function versionsOf(packages: readonly Package[]) {
  const groups = Map.groupBy(packages, ({ type, name }) => `${type} ${name}`)
  return new Map(
    [...groups].flatMap(([key, of]) => {
      const [first] = of
      const versions = [...new Set(of.map(({ version }) => version))].toSorted()
      return first === undefined ? [] : [[key, { type: first.type, name: first.name, versions }] as const]
    }),
  )
}
