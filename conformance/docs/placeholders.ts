import { PASSWORD, type World } from './world.ts'

/**
 * A server that a document starts in the foreground runs beside what follows in the same block, and ends with it; a
 * reader's goes on for days, and has put a snapshot of its records beside the blobs.
 */
export const PREAMBLE = `
serving() {
  lamina serve >>"$LOG" 2>&1 &
  until lamina status --live >/dev/null 2>&1; do
    kill -0 $! 2>/dev/null || { tail -3 "$LOG" >&2; return 1; }
    sleep 0.1
  done
}
serving_for_days() {
  serving
  until lamina maintenance show | grep -q '^snapshot-records .*T.*Z'; do sleep 0.1; done
}
trap '[ -z "$(jobs -p)" ] || { kill $(jobs -p); wait; }' EXIT
`

/** What stands in a document for something that only a reader has, and what this run has in its place. */
export function placeholders({ lamina, folder, token }: World): readonly (readonly [string, string])[] {
  const host = `localhost:${lamina.port}`
  return [
    // The tests run from a folder where \`npm ci\` was the first step.
    ['npm ci && npm start', 'LAMINA_LISTEN=127.0.0.1:0 LAMINA_DATA=$PWD/first serving'],
    ['LAMINA_LISTEN=0.0.0.0:5000', 'LAMINA_LISTEN=127.0.0.1:0 LAMINA_DATA=$PWD/second'],
    ['npm start', 'serving'],
    ['LAMINA_DATA=/srv/lamina lamina serve &', 'LAMINA_LISTEN=127.0.0.1:0 LAMINA_DATA=/srv/lamina serving'],
    [
      'LAMINA_DATA=/srv/lamina lamina serve',
      'LAMINA_LISTEN=127.0.0.1:0 LAMINA_DATA=/srv/lamina serving_for_days',
    ],
    ['/srv/lamina', `${folder}/restored`],
    ['/backup/lamina', `${folder}/backup`],
    ['login localhost:5000 -u admin', `login ${host} -u admin -p '${PASSWORD}'`],
    ['localhost:5000', host],
    ['https://registry.example.com', lamina.url],
    ['https://registry.example', lamina.url],
    ['--name registry.example.com', '--name registry.example'],
    ['registry.example.com', host],
    ['/etc/lamina', folder],
    ['/usr/local/lib/kubelet', folder],
    ['/etc/containerd/certs.d', `${folder}/certs.d`],
    // The test registry speaks plain HTTP, which podman takes only when told; a node of CRI-O has no docker's login.
    ['podman login', 'DOCKER_CONFIG=/nowhere podman login --tls-verify=false'],
    ['USER:PASSWORD', `admin:${PASSWORD}`],
    ['lam_…', token],
    // Without --yes it only says what would go, and ends with 1.
    ['lamina rm shop/web:v9 ', '! lamina rm shop/web:v9 '],
    ['seconds=10', 'seconds=1'],
  ]
}
