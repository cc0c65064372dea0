# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# recipes.sh - sourced by tests/vm: recipe_tests [RECIPE...] follows the documentation on a Debian
# system with systemd (tests/guest/recipe-tests.sh). Each recipe boots a fresh disk.

RECIPES="haveged egd cloud-init ansible"

# shellcheck disable=SC2034 # tests/vm's
recipe_system() {
	system bookworm
	VM=$CACHE/vm/bookworm-recipes-systemd
	ROOT=$VM/root
	INCLUDE=$INCLUDE,ansible-core,ansible-lint,python3-apt,cloud-init
}

# cloud-init must not run at boot: the tests call it.
make_recipe_disk() {
	as_root touch "$ROOT/etc/cloud/cloud-init.disabled" && write_disk
}

# The package, a repository with it, and the built module, for tests that do not need DKMS.
build_recipes() {
	rm -rf "$TMP/tests" && mkdir -p "$TMP/tests/repo" &&
	fetch_debs haveged haveged libhavege2 &&
	cp "$VM"/haveged/*.deb "$TMP/tests/" && dkms_build &&
	find "$ROOT/lib/modules" -name "$NAME.ko*" -exec cp {} "$TMP/tests/" ';' && forget_module &&
	as_root rm -rf "$ROOT/tmp/recipes" && as_root mkdir -p "$ROOT/tmp/recipes/src" &&
	as_root tar -C "$ROOT/tmp/recipes/src" -xf "$TMP/src.tar" &&
	in_root make -C /tmp/recipes/src deb BUILD=/tmp/recipes/repo &&
	in_root sh -c 'cd /tmp/recipes/repo && dpkg-scanpackages . >Packages' &&
	cp "$ROOT"/tmp/recipes/repo/*.deb "$ROOT/tmp/recipes/repo/Packages" "$TMP/tests/repo/" &&
	in_root gcc -O2 -Wall -Wextra -Werror -static -o /tmp/recipes/egdtalk \
		/tmp/recipes/src/tests/guest/egdtalk.c && cp "$ROOT/tmp/recipes/egdtalk" "$TMP/tests/" &&
	mkdir "$TMP/tests/src" && tar -C "$TMP/tests/src" -xf "$TMP/src.tar" &&
	# The service on the disk runs the file with this name.
	cp "$GUEST/recipe-tests.sh" "$TMP/tests/package-tests.sh" && cp "$GUEST/tap.sh" "$TMP/tests/" &&
	tar -C "$TMP/tests" -cf "$TMP/tests.tar" .
}

cloud_schema() {
	in_root cloud-init schema \
		--config-file /tmp/recipes/src/packaging/recipes/cloud-init.yaml | tee "$TMP/said" &&
	grep -q 'Valid' "$TMP/said"
}

ansible_syntax() {
	in_root sh -c 'cd /tmp/recipes/src/packaging/recipes/ansible &&
		LC_ALL=C.UTF-8 ansible-playbook -i localhost, --syntax-check site.yml'
}

ansible_style() {
	in_root sh -c 'cd /tmp/recipes/src/packaging/recipes/ansible &&
		LC_ALL=C.UTF-8 ansible-lint --offline --nocolor site.yml'
}

recipe_tests() {
	[ $# != 0 ] || {
		# shellcheck disable=SC2086 # words
		set -- $RECIPES
	}
	for _r; do
		case " $RECIPES " in
		*" $_r "*)	;;
		*)		misused "no recipe '$_r'; there are: $RECIPES" ;;
		esac
	done
	need mke2fs:e2fsprogs debugfs:e2fsprogs
	recipe_system
	prepare_root
	[ -f "$VM/disk" ] || step "Making a disk with $SUITE on it (once)" make_recipe_disk
	step "Building what the recipes need" build_recipes
	case " $* " in
	*" cloud-init "*)
		check "cloud-init takes packaging/recipes/cloud-init.yaml" cloud_schema ;;
	esac
	case " $* " in
	*" ansible "*)
		check "ansible-playbook takes the role" ansible_syntax
		check "ansible-lint has nothing to say" ansible_style ;;
	esac
	cp "$VM/disk" "$TMP/disk" && cp "$ROOT/boot/vmlinuz-$KVER" "$TMP/vmlinuz"
	exec 9>&-
	step "Taking the initramfs from the disk" get_initrd
	for _r; do
		say "Recipe: $_r ($KVER)"
		tests "recipe-$_r" "$(deadline 1200 2400)"
	done
	finish_tests
}
