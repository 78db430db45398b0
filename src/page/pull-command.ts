import { registryHost } from './registry-host.ts'

/** What is pulled: how it is named here, and what it is. */
export interface Pulled {
  /** `demo/app:v1` or `demo/app@sha256:…`. */
  readonly ref: string
  /** Of an artifact its type, or that of its config; nothing, or the type of an image's config, for images. */
  readonly artifactType?: string | null | undefined
  /** The one that was chosen, of several. */
  readonly platform?: string | undefined
}

const IMAGE = /image\.config|container\.image/

/** Whether a type is that of something else than an image. */
export function isArtifactType(type: string | null | undefined): type is string {
  return type !== undefined && type !== null && type !== '' && !IMAGE.test(type)
}

/** An index names its platforms as it likes: what a shell would take for more than a word does not get into a command. */
const PLATFORM = /^[\w.-]+(?:\/[\w.-]+){1,2}$/

/** The command that brings it from this registry to a machine, by the program that its kind is made for. */
export function pullCommand(
  { ref, artifactType, platform }: Pulled,
  place: Parameters<typeof registryHost>[0] = location,
): string {
  const whole = `${registryHost(place)}/${ref}`
  if (!isArtifactType(artifactType))
    return platform !== undefined && PLATFORM.test(platform)
      ? `docker pull --platform ${platform} ${whole}`
      : `docker pull ${whole}`
  return artifactType.includes('helm') ? helmCommand(whole) : `oras pull ${whole}`
}

/** helm takes the version apart from the name, and writes `_` for the `+` that no tag may have. */
function helmCommand(whole: string): string {
  const [, name, tag] = /^(.*\/[^/@]*):([^:/@]*)$/.exec(whole) ?? []
  if (name === undefined || tag === undefined) return `helm pull oci://${whole}`
  return `helm pull oci://${name} --version ${tag.replaceAll('_', '+')}`
}
