package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestTheExampleOfManyAppsIsRight(t *testing.T) {
	const folder = "../../../examples/many-apps"
	c, err := Load(folder + "/config.yaml")
	if err != nil || len(c.Problems) > 0 || len(c.Apps) != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	root, err := filepath.Abs("../../..")
	if err != nil || c.Repositories[0].URL != root {
		t.Errorf("it is of %s, want %s (%v)", c.Repositories[0].URL, root, err)
	}
	var names []string
	folders, err := fs.Glob(os.DirFS(root), c.Apps[0].Paths)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		app, err := c.Apps[0].In(folder)
		if err != nil {
			t.Error(err)
		}
		names = append(names, app.Name)
	}
	if want := []string{"backend", "frontend"}; !reflect.DeepEqual(names, want) || !reflect.DeepEqual(c.Apps[1].DependsOn, want) {
		t.Errorf("apps %q, waited for are %q", names, c.Apps[1].DependsOn)
	}
	if info, err := os.Stat(filepath.Join(root, c.Apps[1].Path)); err != nil || !info.IsDir() {
		t.Errorf("path %s: %v", c.Apps[1].Path, err)
	}
}
