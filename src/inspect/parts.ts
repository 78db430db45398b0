import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { ImageSource } from './image-source.ts'

/** What the inspector reads from. */
export interface InspectParts {
  readonly metadata: MetadataStore
  readonly source: ImageSource
}

/** Whether the caller may pull from a project. Whatever crosses repositories asks it for each. */
export type MayRead = (project: string) => Promise<boolean>
