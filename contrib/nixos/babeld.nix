# A module for NixOS.  In configuration.nix:
#
#     disabledModules = [ "services/networking/babeld.nix" ];
#     imports = [ /path/to/this/tree/contrib/nixos/babeld.nix ];
#     services.babeld.enable = true;
#     services.babeld.configuration = ''
#       interface eth0
#     '';
{ config, lib, pkgs, ... }:

let
  cfg = config.services.babeld;

  babeld = pkgs.stdenv.mkDerivation {
    pname = "babeld";
    version = lib.fileContents ../../VERSION;
    src = lib.cleanSource ../..;
    nativeBuildInputs = [ pkgs.pkg-config ];
    buildInputs = [ pkgs.libmnl pkgs.libmd pkgs.libbsd pkgs.libseccomp ];
    makeFlags = [ "PREFIX=$(out)" "SECCOMP=1" ];
    enableParallelBuilding = true;
    # The units, with the programs where they are here.
    postInstall = ''
      mkdir -p $out/lib/systemd/system
      cp contrib/systemd/*.service contrib/systemd/*.socket \
        $out/lib/systemd/system
      sed -i -e "s,/usr/s\?bin/,$out/bin/,g" \
        -e "s,/bin/sh -c 'test,/bin/sh -c 'PATH=${pkgs.gnugrep}/bin; test," \
        $out/lib/systemd/system/*
    '';
  };
in
{
  options.services.babeld = {
    enable = lib.mkEnableOption "the Babel routing daemon";
    configuration = lib.mkOption {
      type = lib.types.lines;
      default = "";
      description = "What /etc/babeld.conf holds; see babeld.conf(5).";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ babeld ];
    environment.etc."babeld.conf".text = cfg.configuration;
    systemd.packages = [ babeld ];
    systemd.services.babeld = {
      wantedBy = [ "multi-user.target" ];
      reloadTriggers = [ config.environment.etc."babeld.conf".source ];
    };
    users.users.babeld = { isSystemUser = true; group = "babeld"; };
    users.groups.babeld = { };
    networking.firewall.allowedUDPPorts = [ 6696 ];
  };
}
