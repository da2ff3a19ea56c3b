package main

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
)

func TestAnAppIsNamedAfterItsRepository(t *testing.T) {
	for repo, want := range map[string]string{
		"https://git.example.com/team/Shop.git/": "shop",
		"ssh://git@git.example.com:2222/shop":    "shop",
		"git@git.example.com:team/web_shop.git":  "web-shop",
		"git@git.example.com:shop.git":           "shop",
		"/srv/a:b/shop":                          "shop",
	} {
		if got := nameOf(repo); got != want {
			t.Errorf("%s is named %q, want %q", repo, got, want)
		}
	}
}

func TestARepositoryIsAnotherOneWithOtherCredentialsOrProxy(t *testing.T) {
	one := config.Repository{URL: "https://git.example.com/a.git", Branch: "main", Interval: time.Minute, Timeout: 5 * time.Minute, Credentials: "/a", Proxy: "http://a:1"}
	for _, change := range []func(*config.Repository){
		func(r *config.Repository) { r.Credentials = "/b" },
		func(r *config.Repository) { r.Proxy = "http://b:1" },
		func(r *config.Repository) { r.Branch = "next" },
		func(r *config.Repository) { r.Timeout = time.Hour },
	} {
		other := one
		change(&other)
		if openedAs(other) == openedAs(one) || keyOf(other) == keyOf(one) {
			t.Errorf("%+v is opened as %+v", other, one)
		}
	}
	want := git.Options{URL: one.URL, Branch: one.Branch, Credentials: one.Credentials, Proxy: one.Proxy, Timeout: one.Timeout, Dir: "/cache"}
	if got := optionsOf(one, copies{dir: "/cache"}); !reflect.DeepEqual(got, want) {
		t.Errorf("it is opened with %+v", got)
	}
}

func TestTheFoldersOfAllAppsOfARepositoryAreExpected(t *testing.T) {
	one := config.Repository{Name: "one", URL: "https://git.example.com/a.git", Interval: time.Minute}
	same, other := one, one
	same.Name, same.Interval = "same", time.Hour
	other.Name, other.Branch = "other", "next"
	read := &config.Config{Repositories: []config.Repository{one, same, other}, Apps: []config.App{
		{Repository: "one", Path: "a"}, {Repository: "same", Paths: "b/*"}, {Repository: "other", Path: "c"},
	}}
	for _, r := range []config.Repository{one, same} {
		if got := readOf(read, r); !slices.Equal(got, []string{"a", "b/*"}) {
			t.Errorf("%s: %q", r.Name, got)
		}
	}
	if got := (&sourceFlags{path: "web/prod"}).options(copies{dir: "/cache"}).Folders; !slices.Equal(got, []string{"web/prod"}) {
		t.Errorf("--path: %q", got)
	}
}

// TestAFolderIsPlannedWithoutTheRemotesCredentials is how a pipeline plans that may not read the daemon's.
func TestAFolderIsPlannedWithoutTheRemotesCredentials(t *testing.T) {
	var apps planApps
	defer apps.close()
	files, err := apps.files(git.Options{URL: "git@git.example.com:team/shop.git", Dir: t.TempDir()}, t.TempDir())
	if err != nil || files.name != "git@git.example.com:team/shop.git" || !files.tree {
		t.Errorf("%+v, %v", files, err)
	}
	if _, err := apps.files(git.Options{URL: "git@-x:shop.git", Dir: t.TempDir()}, t.TempDir()); err == nil {
		t.Error("an address that none can have is taken")
	}
}
