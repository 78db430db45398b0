import { z } from 'zod'
import { expect } from '../report.ts'
import type { Dockerd } from '../servers/dockerd.ts'
import { blobsOf, look, type World } from './world.ts'

const moved = z.object({ bytes: z.number() })
const planShape = z.object({ layer: moved, chain: moved, config: z.number() })

/**
 * What the registry says that a pull will move is what docker then moves, counted on the wire: for an image from
 * nothing, for a newer version, and for one with the same layers in another order, which docker cannot use again.
 */
export async function comparePlans(world: World, engine: Dockerd): Promise<string> {
  const seen: string[] = []
  for (const [have, want] of [
    [undefined, 'docker/app:v1'],
    ['docker/app:v1', 'docker/app:v2'],
    ['docker/app:v1', 'docker/turned:v1'],
    ['docker/app:v2', 'docker/other:v2'],
  ] as const) {
    await engine.run(['system', 'prune', '--all', '--force'])
    if (have !== undefined) await engine.run(['pull', `${world.host}/${have}`])
    const plan = await planOf(world, have, want)
    look(world)
    await engine.run(['pull', `${world.host}/${want}`])
    const { downloaded } = look(world)
    const [config = ''] = await blobsOf(world, ...splitReference(want))
    const all = [...downloaded.values()].reduce((sum, size) => sum + size, 0)
    const ofConfig = downloaded.get(config) ?? 0
    expect(
      all - ofConfig === plan.chain.bytes && ofConfig === plan.config,
      `${have ?? 'nothing'} → ${want}: docker moved ${all - ofConfig} bytes of layers and ${ofConfig} of the config, the plan says ${plan.chain.bytes} and ${plan.config}`,
    )
    seen.push(`${have ?? 'nothing'} → ${want} ${plan.chain.bytes} (${plan.layer.bytes} by digest)`)
  }
  return seen.join(', ')
}

async function planOf(
  { registry }: World,
  have: string | undefined,
  want: string,
): Promise<z.infer<typeof planShape>> {
  const answer = await registry.request('POST', '/api/v1/pullplan', {
    body: Buffer.from(JSON.stringify({ have: have === undefined ? [] : [have], want })),
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status === 200, `the plan answers ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
  return planShape.parse(JSON.parse(answer.body.toString()))
}

function splitReference(reference: string): [string, string] {
  const at = reference.lastIndexOf(':')
  return [reference.slice(0, at), reference.slice(at + 1)]
}
