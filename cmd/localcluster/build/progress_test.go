package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPlainProgressIsALineForEachTenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out, false)
		p.start(200)
		for range 200 {
			time.Sleep(100 * time.Millisecond)
			p.add()
		}
		p.finish()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 11 {
			t.Fatalf("%d lines:\n%s", len(lines), &out)
		}
		for i, line := range lines[:9] {
			want := fmt.Sprintf("compiled %d of 200 packages (%d %%), %ds so far", 20*(i+1), 10*(i+1), 2*(i+1))
			if line != want {
				t.Errorf("line %d is %q, want %q", i, line, want)
			}
		}
		if lines[9] != "linking, 20s so far" || lines[10] != "Built in 20s." {
			t.Errorf("it ends with %q", lines[9:])
		}
	})
}

func TestPlainProgressIsNeverSilentForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out, false)
		p.note("downloading modules")
		for range 95 {
			time.Sleep(time.Second)
			p.tick(time.Now())
		}
		want := "downloading modules, 30s so far\ndownloading modules, 1m0s so far\ndownloading modules, 1m30s so far\n"
		if out.String() != want {
			t.Errorf("it says:\n%s", &out)
		}
	})
}

func TestProgressOnATerminalRewritesItsLine(t *testing.T) {
	var out strings.Builder
	p := newProgress(&out, true)
	p.start(3)
	p.add()
	p.add()
	p.finish()
	text := out.String()
	if strings.Count(text, "\n") != 2 || !strings.Contains(text, "\r\x1b[2Kcompiled 2 of 3 packages (66 %)") {
		t.Errorf("it says %q", text)
	}
}
