// Package e2e holds the tests that need a cluster whose pods run: a commit, real containers behind a real Service, and a
// client that sends requests to it all the while. It has no code of its own.
//
// The tests take any cluster, in namespaces that they make and delete, and are skipped where none is named:
//
//	make e2e KUBECONFIG=kubeconfig
//
// or, with other images than the standard ones,
//
//	go test ./cmd/lockstep/e2e -count 1 -timeout 30m -args -kubeconfig FILE -image nginx:1.27 -next nginx:1.28
//
// The chart's tests want the image on the nodes, and a git server that pods can reach, on this machine: -daemon-image
// lockstep:dev -host ADDRESS. make image makes the image; make image-test ARGS="-archive FILE" does so without a registry. The one
// that freezes a leader has to see the node's processes, as root.
//
// The others run lockstep as a process, built with the race detector where there is a C compiler, on repositories in temporary
// folders that a real git commits to. Requests go to the Service's address, each on a connection of its own, where the
// machine that tests can reach it, and else through the API server's proxy. The web server says in its answer which pod
// and which version it is: nginx by the template in testdata/web.
package e2e
