package controlplane

import (
	"regexp"
	"strings"
	"testing"
)

func TestNothingListensBeyondTheLoopbackAddress(t *testing.T) {
	d, p := Dir("/cluster"), ports{apiserver: 1, etcd: 2, etcdPeer: 3}
	address := regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+`)
	for _, arg := range append(etcdArgs(d, p), apiServerArgs(d, p)...) {
		for _, found := range address.FindAllString(arg, -1) {
			if found != "127.0.0.1" && !strings.HasPrefix(arg, "--service-cluster-ip-range=") {
				t.Errorf("%s", arg)
			}
		}
	}
	// These two need no port at all.
	for _, args := range [][]string{controllerManagerArgs(d), schedulerArgs(d)} {
		if !strings.Contains(strings.Join(args, " "), "--secure-port=0") {
			t.Errorf("a port is open: %v", args)
		}
	}
}
