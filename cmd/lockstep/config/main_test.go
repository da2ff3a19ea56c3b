package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
)

// head opens every file of these tests, in six lines.
const head = `apiVersion: lockstep.dev/v1alpha1
kind: Config
repositories:
- name: shop
  url: https://git.example.com/team/shop.git
apps:
`

// web is a good app, in three lines.
const web = `- name: web
  repository: shop
  path: manifests/web
`

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("config.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// good is parse for a text without problems.
func good(t *testing.T, text string) *config.Config {
	t.Helper()
	c := parse(t, text)
	for _, p := range c.Problems {
		t.Error(p)
	}
	return c
}

// refused returns the error of a text that is no config.
func refused(t *testing.T, text string) string {
	t.Helper()
	c, err := config.Parse("config.yaml", []byte(text))
	if _, ok := errors.AsType[config.Problem](err); !ok || c != nil {
		t.Fatalf("config %v, error %v", c, err)
	}
	return err.Error()
}

func said(c *config.Config) string {
	var lines []string
	for _, p := range c.Problems {
		lines = append(lines, strings.TrimPrefix(p.Error(), "config.yaml:"))
	}
	return strings.Join(lines, "\n")
}
