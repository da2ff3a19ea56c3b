package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"lockstep": func() { os.Exit(Main()) }})
}

// tests ends the control plane with the tests.
type tests struct{ m *testing.M }

func (t tests) Run() int { return clustertest.Main(t.m) }
