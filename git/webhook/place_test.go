package webhook

import "testing"

func TestAllAddressesOfARepositoryAreOnePlace(t *testing.T) {
	for _, same := range [][]string{
		{
			"https://git.example.com/team/shop", "https://git.example.com/Team/Shop.git", "https://GIT.example.com/team/shop/",
			"https://user:word@git.example.com/team/shop.git/", "http://git.example.com:8080/team/shop.GIT", "git@git.example.com:team/shop.git",
			"ssh://git@git.example.com:2222/team/shop.git", "git.example.com:team/shop", "ssh://git.example.com/team/sh%6Fp",
		},
		{"https://git.example.com/scm/team/shop.git", "ssh://git@git.example.com:7999/team/shop.git"},
		{
			"https://dev.azure.com/acme/Team%20One/_git/shop", "https://acme@dev.azure.com/acme/team one/_git/shop",
			"git@ssh.dev.azure.com:v3/acme/Team%20One/shop", "https://acme.visualstudio.com/Team%20One/_git/shop",
			"acme@vs-ssh.visualstudio.com:v3/acme/Team One/shop",
		},
		{"https://dev.azure.com/acme/_git/shop", "git@ssh.dev.azure.com:v3/acme/shop/shop"},
		{"https://[::1]:3000/team/shop.git", "ssh://git@[::1]/team/shop"},
	} {
		want := placeOf(same[0])
		for _, address := range same {
			if got := placeOf(address); got != want || !want.is(got) || got.host == "" {
				t.Errorf("%s is %v, %s is %v", address, got, same[0], want)
			}
		}
	}
}

func TestOtherAddressesAreOtherPlaces(t *testing.T) {
	at := placeOf("https://git.example.com/team/shop.git")
	for _, address := range []string{
		"", "/", ".git", "https://", "https://git.example.com", "https://git.example.com/team/shop2", "https://git.example.com/a/team/shop",
		"https://git.example.com/team", "https://git.example.com/shop", "hop", "op.git", "m/shop",
	} {
		if given := placeOf(address); at.is(given) || at.named(given) {
			t.Errorf("%q is %v", address, at)
		}
	}
	for _, end := range []string{"TEAM/shop", "shop"} {
		if given := placeOf(end); !at.is(given) {
			t.Errorf("%q is not %v", end, at)
		}
	}
}
