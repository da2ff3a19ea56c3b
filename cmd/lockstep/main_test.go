package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"lockstep": func() { os.Exit(Main()) }, "ask": printAnswer})
}

// printAnswer prints what a URL answers.
func printAnswer() {
	answer, err := http.Get(os.Args[1])
	if err == nil {
		_, err = io.Copy(os.Stdout, answer.Body)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tests ends the control plane with the tests.
type tests struct{ m *testing.M }

func (t tests) Run() int { return clustertest.Main(t.m) }
