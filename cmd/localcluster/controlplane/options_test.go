package controlplane

import (
	"strings"
	"testing"
)

func TestTheDefaultSizeIsValid(t *testing.T) {
	if err := DefaultOptions().Validate(); err != nil {
		t.Error(err)
	}
}

func TestAnImpossibleSizeIsRefusedByName(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"nodes: 0 is not between 1 and 1000":         func(o *Options) { o.Nodes = 0 },
		"nodes: 1001 is not between 1 and 1000":      func(o *Options) { o.Nodes = 1001 },
		"node pods: -1 is not between 1 and 1000":    func(o *Options) { o.NodePods = -1 },
		"node pods: 1001 is not between 1 and 1000":  func(o *Options) { o.NodePods = 1001 },
		`node cpu: "four" is not a quantity`:         func(o *Options) { o.NodeCPU = "four" },
		"node cpu: 0 is not more than 0":             func(o *Options) { o.NodeCPU = "0" },
		`node memory: "" is not a quantity`:          func(o *Options) { o.NodeMemory = "" },
		"node memory: -8Gi is not more than 0":       func(o *Options) { o.NodeMemory = "-8Gi" },
		`node memory: "8 GB" is not a quantity such`: func(o *Options) { o.NodeMemory = "8 GB" },
	} {
		o := DefaultOptions()
		change(&o)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
