/** What this process has done with blobs since it started. Plain numbers: requests add to them and look nothing up. */
export class RegistryMeter {
  /** Bytes of blobs that clients sent, also of uploads that came to nothing. */
  received = 0
  /** Upload sessions that a request is writing to now. */
  writing = 0
  /** Blobs that became readable in another repository without being sent, and their bytes. */
  mounts = 0
  mountedBytes = 0
  /** Bytes of uploads whose content turned out to be here already. */
  knownBytes = 0
  /** Blobs that were put into quarantine. */
  quarantined = 0
}
