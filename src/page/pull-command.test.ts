import { expect, test } from 'vitest'
import { pullCommand } from './pull-command.ts'
import { registryHost } from './registry-host.ts'

const at = (address: string) => new URL(address)

test.each([
  ['https://registry.example.org/', 'registry.example.org'],
  ['https://registry.example.org:8443/', 'registry.example.org:8443'],
  ['http://localhost/', 'localhost'],
  ['http://localhost:5000/', 'localhost:5000'],
  ['http://[::1]:5000/', '[::1]:5000'],
  // docker would look for `registry/…` on Docker Hub.
  ['https://registry/', 'registry:443'],
  ['http://registry/', 'registry:80'],
  ['http://registry:5000/', 'registry:5000'],
])('at %s clients say %s', (address, host) => {
  expect(registryHost(at(address))).toBe(host)
})

const CHART = 'application/vnd.cncf.helm.config.v1+json'

test.each([
  [{ ref: 'demo/app:v1' }, 'docker pull hub:443/demo/app:v1'],
  [{ ref: 'demo/app:v1', platform: 'linux/arm64' }, 'docker pull --platform linux/arm64 hub:443/demo/app:v1'],
  [{ ref: 'demo/app:v1', platform: 'linux/$(id)' }, 'docker pull hub:443/demo/app:v1'],
  [{ ref: 'demo/app:v1', platform: 'linux/amd64; id' }, 'docker pull hub:443/demo/app:v1'],
  [
    { ref: 'demo/app:v1', artifactType: 'application/vnd.oci.image.config.v1+json' },
    'docker pull hub:443/demo/app:v1',
  ],
  [{ ref: 'demo/app@sha256:ab', artifactType: null }, 'docker pull hub:443/demo/app@sha256:ab'],
  [
    { ref: 'demo/web:1.2.3_build.7', artifactType: CHART },
    'helm pull oci://hub:443/demo/web --version 1.2.3+build.7',
  ],
  [{ ref: 'demo/web@sha256:ab', artifactType: CHART }, 'helm pull oci://hub:443/demo/web@sha256:ab'],
  [{ ref: 'demo/bom:v1', artifactType: 'application/spdx+json' }, 'oras pull hub:443/demo/bom:v1'],
])('%j is pulled with %s', (pulled, command) => {
  expect(pullCommand(pulled, at('https://hub/'))).toBe(command)
})
