// Which cluster this client talks to: learnt from the first answer that says so, then put on every request and compared with
// every answer, so that a wrong address never mixes two clusters (`wrong-cluster`).

import { OffshoreError } from '../base/errors.ts';
import type { ClusterId } from '../base/ids.ts';
import { headerNames, protocolVersion } from '../protocol/headers.ts';
import type { Answer, Headers } from '../protocol/send.ts';

export class ClusterIdentity {
  #cluster: ClusterId | undefined;

  get cluster(): ClusterId | undefined {
    return this.#cluster;
  }

  /** On every request. */
  headers(): Headers {
    const protocol = { [headerNames.protocol]: String(protocolVersion) };
    return this.#cluster === undefined ? protocol : { ...protocol, [headerNames.cluster]: this.#cluster };
  }

  /** Throws `wrong-cluster` when a node of another cluster answered. */
  check(answer: Answer, from: string): void {
    const named = answer.headers[headerNames.cluster];
    if (named !== undefined && named !== '') this.learn(named as ClusterId, from);
  }

  learn(cluster: ClusterId, from: string): void {
    this.#cluster ??= cluster;
    if (this.#cluster !== cluster) throw new OffshoreError('wrong-cluster', { node: from, expected: this.#cluster, actual: cluster });
  }
}
